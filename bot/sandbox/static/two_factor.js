// The two-factor page: shows its form, as Magento's is drawn by its script; sends the code, and opens an alert window when it is
// refused.

import { t } from "./dom.js";

const form = document.querySelector("#two-factor-form");
const field = document.querySelector("#tfa_code");
const alert = document.querySelector("aside.modal-popup");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const words = button.firstElementChild;
  button.disabled = true;
  words.textContent = t("Please wait...");
  const answer = await fetch(form.dataset.answer, {
    method: "POST",
    headers: { "X-Requested-With": "XMLHttpRequest" },
    body: new URLSearchParams({ tfa_code: field.value }),
  });
  const { success, message } = await answer.json();
  if (success) {
    location.href = form.dataset.start;
    return;
  }
  alert.querySelector(".modal-content > div").textContent = message;
  alert.classList.add("_show");
  button.disabled = false;
  words.textContent = t("Confirm");
});
if (form) {
  form.hidden = false;
  field.focus();
}
alert.querySelector(".action-accept").addEventListener("click", () => alert.classList.remove("_show"));
