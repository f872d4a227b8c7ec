"use strict";
// The tablet's manners. Every page works as plain forms without this file; it adds what a form cannot do by itself.
(() => {
  const body = document.body;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const two = (number) => String(number).padStart(2, "0");
  const notice = (text) => all("[data-notice]").forEach((place) => { place.textContent = text; });

  // Time is the server's, which in a demonstration runs faster than the wall's; a tablet's own clock is never shown.
  const opened = Date.now(), server = Date.parse(body.dataset.now), wall = Date.parse(`${body.dataset.now.slice(0, 19)}Z`);
  const passed = () => (Date.now() - opened) * Number(body.dataset.speed);
  const now = () => server + passed();

  function span(milliseconds) {
    const seconds = Math.floor(Math.abs(milliseconds) / 1000), minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${two(minutes)}:${two(seconds % 60)}`;
    if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
    return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
  }

  function tickClock(clock) {
    const since = Date.parse(clock.dataset.since), until = Date.parse(clock.dataset.until), left = until - now();
    const words = one("[data-left]", clock) || clock, share = Math.max(0, Math.min(1, left / (until - since)));
    const running = left < 0 ? `over by ${span(left)}` : `${span(left)} left`;
    words.textContent = Number.isNaN(until) ? span(now() - since) : running;
    clock.classList.toggle("over", left < 0);
    clock.classList.toggle("soon", left >= 0 && left < 4 * 3600000 && share < 0.25);
    one("[data-rest]", clock)?.setAttribute("width", `${share * 100}%`);
  }

  // A reading grows old by itself, so that a dead connection cannot leave an old value looking alive.
  function tickReading(live) {
    const age = one("[data-age]", live);
    if (!age) return;
    live.drawn ??= Date.now();
    const seconds = Number(age.dataset.age) + Math.floor((Date.now() - live.drawn) / 1000);
    age.textContent = seconds < 90 ? `${seconds} s` : span(seconds * 1000);
    if (seconds <= Number(live.dataset.staleAfter)) return;
    live.classList.replace("good", "stale");
    const take = one(".take", live);
    if (take) take.disabled = true;
  }

  function tick() {
    const clock = new Date(wall + passed()).toISOString().slice(11, 19);
    all("[data-hour]").forEach((hour) => { hour.textContent = clock; });
    all("[data-since], [data-until]").forEach(tickClock);
    all("[data-live]").forEach(tickReading);
    all("[data-offline]").forEach((band) => { band.hidden = navigator.onLine; });
    tickIdle();
  }

  // Live parts: never redraw under a finger, never draw a sign-in page inside a page.
  document.addEventListener("htmx:before:swap", (event) => {
    const sentAway = event.detail.ctx.response.raw.redirected;
    if (sentAway) location.reload();
    if (sentAway || one(":active, [aria-busy=true]", event.target)) event.preventDefault();
  });
  // Only what was answered is young again: while the band of alarms is drawn anew, a reading beside it grows old.
  document.addEventListener("htmx:after:swap", (event) => {
    const answered = event.detail.ctx.target;
    for (const live of all("[data-live]")) if (answered.contains(live)) live.drawn = Date.now();
    tick();
  });

  // One tap, one act. The server counts a repeated `tap` once in any case.
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter || one("[type=submit]", form);
    if (!form.matches("[method=post]")) return;
    if (form.busy || !navigator.onLine) {
      event.preventDefault();
      if (!form.busy) notice("Not saved: no connection.");
      return;
    }
    const words = button && one("b", button), said = words?.textContent;
    const show = (busy, text) => {
      form.busy = busy;
      button?.setAttribute("aria-busy", busy);
      if (words) words.textContent = busy ? "Saving…" : said;
      if (text) notice(text);
    };
    show(true);
    setTimeout(show, 8000, false, "Not saved yet: no answer. Tap again; it counts once.");
    addEventListener("pageshow", (shown) => { if (shown.persisted) show(false); });
  });

  // What was typed survives a lock, a reload and a refusal, on this tablet and for this person only.
  const kept = "input:not([type=hidden], [type=password], [readonly], [data-badge]), textarea, select";
  all("form[data-draft]").forEach((form) => {
    const place = `${body.dataset.user} ${location.pathname}${location.search} ${form.getAttribute("action")}`;
    if (body.dataset.saved) sessionStorage.removeItem(place);
    for (const [name, value] of JSON.parse(sessionStorage.getItem(place) || "[]")) {
      for (const field of all(kept, form).filter((candidate) => candidate.name === name)) {
        if (["radio", "checkbox"].includes(field.type)) field.checked ||= field.value === value;
        else field.value ||= value;
      }
    }
    form.addEventListener("input", () => {
      const names = new Set(all(kept, form).map((field) => field.name));
      sessionStorage.setItem(place, JSON.stringify([...new FormData(form)].filter(([name]) => names.has(name))));
    });
  });

  // Whoever is about to sign is named in full before they do.
  all("[data-signer]").forEach((field) => field.addEventListener("change", async () => {
    const place = one("[data-who]", field.closest(".signature") || body);
    const asked = await fetch(`${field.dataset.signer}?user=${encodeURIComponent(field.value.trim())}`, {
      headers: { "HX-Request": "true" },
    });
    if (asked.ok && !asked.redirected && place) place.textContent = await asked.text();
  }));

  // Idle: warn half a minute before, then lock. Locking is the page's own Lock button.
  let active = Date.now();
  const idle = Number(body.dataset.idleSeconds) * 1000, warning = one("[data-idle]"), lock = one("#lock");
  const stay = () => { active = Date.now(); tickIdle(); };
  // Hidden as soon as it is touched, the warning would hand the rest of the tap to the button beneath it.
  ["pointerdown", "keydown"].forEach((kind) => addEventListener(kind, (event) => warning?.contains(event.target) || stay()));
  warning?.addEventListener("click", stay);
  function tickIdle() {
    const left = active + idle - Date.now();
    if (!idle || !lock) return;
    warning.hidden = left > 30000;
    one("[data-idle-left]", warning).textContent = `${Math.max(0, Math.ceil(left / 1000))} s`;
    if (left > 0) return;
    lock.elements.how.value = "idle";
    lock.requestSubmit();
  }

  tick();
  setInterval(tick, 1000);
  document.documentElement.dataset.ready = "1";
})();
