"use strict";
// Passkeys: a form that asks the browser for a passkey's answer before it is sent.
(() => {
  const said = (text) => document.querySelectorAll("[data-notice]").forEach((place) => { place.textContent = text; });

  async function answered(form) {
    const options = await (await fetch(form.dataset.options)).json();
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return JSON.stringify(made.toJSON());
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    event.stopPropagation();
    try {
      form.elements.answer.value = await answered(form);
      form.requestSubmit();
    } catch (error) {
      said(`The passkey did not answer: ${error.message || error.name}`);
    }
  }, true));
})();
