"use strict";
// The number pad: large keys in the page, beside the value and never over it. With it the tablet's own keyboard stays away.
(() => {
  const pad = document.querySelector("[data-pad]"), fields = [...document.querySelectorAll("[data-number]")];
  if (!pad || !fields.length) return;
  const raised = (power) => power.replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  let target = null;

  function echo() {                               // 5.0e7 is said again as 5.0 × 10⁷
    const [mantissa, power] = target.value.toLowerCase().split("e");
    const place = document.querySelector(`[data-echo][for="${target.id}"]`);
    place.textContent = power ? `= ${mantissa} × 10${raised(power)}` : "";
    fields.forEach((field) => field.classList.toggle("filling", field === target));
  }

  function aim(field) {
    target = field;
    pad.hidden = false;
    document.querySelector("[data-beside]")?.setAttribute("hidden", "");
    echo();
  }

  // The sign belongs to the exponent as soon as there is one.
  const signed = (text) => text.replace(/(^|e)(-?)(?=[^e]*$)/i, (_, head, minus) => head + (minus ? "" : "-"));

  function press(key) {
    const text = target.value;
    if (key === "next") {
      (fields[fields.indexOf(target) + 1] || document.querySelector(".acts [type=submit], form .primary")).focus();
      return;
    }
    if (key === "erase") target.value = text.slice(0, -1);
    else if (key === "sign") target.value = signed(text);
    else if (key !== "e" || (text && !/e/i.test(text))) target.value += key;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }

  fields.forEach((field) => {
    field.inputMode = "none";
    field.addEventListener("focus", () => aim(field));
    field.addEventListener("input", echo);
  });
  pad.addEventListener("pointerdown", (event) => event.preventDefault());
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]");
    if (key) press(key.dataset.key);
  });
  (fields.find((field) => field.getAttribute("aria-invalid") || !field.value) || fields[0]).focus();
})();
