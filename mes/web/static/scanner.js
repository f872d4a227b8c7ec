"use strict";
// A scanner is a very fast keyboard: a burst of keys that ends in Enter is a scan, wherever the focus is. It goes to the next
// field that waits for a scan, and is never typed into another.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const waiting = () => all("[data-scan]").find((field) => !field.value) || document.querySelector("[data-scan], [data-badge]");
  const arm = () => all("[data-scan]").forEach((field) => field.classList.toggle("armed", field === waiting()));
  let burst = "", last = 0, touched = null, before = "";

  document.addEventListener("keydown", (event) => {
    const pause = event.timeStamp - last, separator = event.ctrlKey && event.key === "]";  // GS1 codes hold a group separator
    last = event.timeStamp;
    if (pause > 50) burst = "";
    if (event.key === "Enter") {
      if (burst.length > 3) {
        event.preventDefault();
        if (touched) touched.value = before;
        scanned(burst);
      }
      burst = "";
    }
    if (event.key.length !== 1 || (event.ctrlKey && !separator)) return;
    if (!burst) [touched, before] = [event.target.value === undefined ? null : event.target, event.target.value];
    burst += separator ? "\u001d" : event.key;
  }, true);

  function scanned(code) {
    const field = waiting();
    if (!field) {
      all("[data-notice]").forEach((place) => { place.textContent = `Scanned ${code}. Nothing on this screen asks for a scan.`; });
      signal("fail");
      return;
    }
    field.value = code;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    const how = field.form.elements[field.name.replace("value.", "how.")];
    if (how && how !== field) how.value = "scanned";
    arm();
    const missing = all("input:invalid, textarea:invalid, select:invalid", field.form);
    if (missing.length) missing[0].focus();
    else field.form.requestSubmit();
  }

  function signal(kind) {                        // heard, felt and seen: never heard alone
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(kind === "ok" ? 60 : [200, 80, 200]);
    const sound = new AudioContext(), tone = sound.createOscillator();
    tone.frequency.value = kind === "ok" ? 1320 : 220;
    tone.connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + (kind === "ok" ? 0.09 : 0.5));
  }

  arm();
  all("[data-signal]").forEach((place) => signal(place.dataset.signal));
})();
