// The form of the cancel page: its button visits an address that cancels without a reason until this has taken it over.
// Until then a mask lies over the page, which keeps the mouse off, and no key.

const form = document.getElementById("edit_form");
for (const button of document.querySelectorAll("button.save")) {
  button.onclick = null;
  delete button.dataset.mageInit;
  button.addEventListener("click", () => {
    button.disabled = true; // a second click sends nothing
    form.requestSubmit();
  });
}
document.querySelector(".admin__form-loading-mask").remove();
