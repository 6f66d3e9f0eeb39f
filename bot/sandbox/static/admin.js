// The Admin around the pages: the side menu, the account menu and the start page's consent question.

const opened = () => document.querySelector(".level-0._show");
const close = () => opened()?.classList.remove("_show");

for (const link of document.querySelectorAll("#nav [data-opens]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const item = link.parentElement;
    const again = item === opened();
    close();
    if (!again) item.classList.add("_show");
  });
}
for (const link of document.querySelectorAll('[data-role="close-submenu"]')) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    close();
  });
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("#nav")) close();
});

const user = document.querySelector(".admin-user");
const account = user.querySelector("button");
document.addEventListener("click", (event) => {
  const open = account.contains(event.target) && !user.classList.contains("_show");
  user.classList.toggle("_show", open);
  account.setAttribute("aria-expanded", String(open));
});

const consent = document.querySelector(".admin-usage-notification");
for (const button of consent?.querySelectorAll("button") || []) {
  button.addEventListener("click", async () => {
    await fetch(consent.dataset.answer, { method: "POST", headers: { "X-Requested-With": "XMLHttpRequest" } });
    consent.classList.remove("_show");
    document.querySelector(".modals-overlay").remove();
  });
}
