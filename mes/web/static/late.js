"use strict";
// What is tapped without a connection waits on this tablet, and is sent when the connection is back: each once, by who
// entered it. Only values that need nothing from the server wait so; scans, readings and signatures do not.
(() => {
  const body = document.body, place = "mes waiting";
  const band = document.querySelector("[data-waiting]");
  const waiting = () => JSON.parse(localStorage.getItem(place) || "[]");
  const keep = (list) => localStorage.setItem(place, JSON.stringify(list));
  const notice = (text) => document.querySelectorAll("[data-notice]").forEach((spot) => { spot.textContent = text; });
  // The server's time, told when the page was drawn, and how long ago that was: nobody can set that.
  const now = () => new Date(Date.parse(body.dataset.now) + performance.now() * Number(body.dataset.speed)).toISOString();

  function show() {
    const count = waiting().length, words = count === 1 ? "1 entry waits on this tablet." : `${count} entries wait on this tablet.`;
    document.querySelectorAll("[data-waits]").forEach((spot) => { spot.textContent = count ? words : ""; });
    if (band) band.hidden = !count || !navigator.onLine; // without a connection, the band that says so counts them
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (navigator.onLine || !form.matches("form[data-late]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token"), list = waiting();
    const tap = form.elements.tap.value, known = list.some((each) => each.tap === tap);
    if (!known) keep([...list, { tap, fields, to: form.dataset.late, by: body.dataset.user, entered: now() }]);
    notice(known ? "Kept already. Enter nothing more here until it is sent." : "Kept on this tablet. Not saved yet.");
    show();
  }, true);

  async function send(each) {
    const token = document.querySelector("#lock [name=csrf_token]").value;
    const told = [...each.fields, ["csrf_token", token], ["entered_by", each.by], ["entered", each.entered]];
    const answer = await fetch(each.to, { method: "POST", body: new URLSearchParams(told), redirect: "manual" });
    return answer.ok ? (await answer.json()).became : "";
  }

  // One page of a browser sends at a time; what one sends while another is at it, the server counts once.
  let busy = false;
  async function sendAll() {
    if (busy || !navigator.onLine || !document.querySelector("#lock")) return;
    busy = true;
    const became = [];
    for (const each of waiting()) {
      const what = await send(each).catch(() => "");
      if (!["recorded", "reported"].includes(what)) continue;
      keep(waiting().filter(({ tap }) => tap !== each.tap));
      became.push(what);
    }
    busy = false;
    show();
    if (!became.length) return;
    sessionStorage.setItem(place, became.includes("reported")
      ? "What waited was sent. Not all could be recorded: see the deviations."
      : "What waited was sent and is recorded.");
    location.reload();
  }

  show();
  if (sessionStorage.getItem(place)) notice(sessionStorage.getItem(place));
  sessionStorage.removeItem(place);
  addEventListener("online", () => { show(); sendAll(); });
  sendAll();
})();
