// The Admin around the pages: the side menu, the account menu and the start page's message windows.

const opened = () => document.querySelector(".level-0._show");
const close = () => opened()?.classList.remove("_show");

function bindMenu() {
  for (const link of document.querySelectorAll("#nav [data-opens]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const item = link.parentElement;
      const again = item === opened();
      close();
      if (!again) item.classList.add("_show");
    });
  }
}

// Where it is bound late, a click before that does nothing, as in the Admin.
const boundAfter = Number(document.getElementById("nav")?.dataset.boundAfter ?? 0);
if (!boundAfter) bindMenu();
else addEventListener("load", () => setTimeout(bindMenu, boundAfter));

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

// What was answered or closed is told to the server, and the window goes with the overlay behind it.
for (const button of document.querySelectorAll("aside [data-answer]")) {
  const modal = button.closest("aside");
  button.addEventListener("click", async () => {
    await fetch(button.dataset.answer, { method: "POST", headers: { "X-Requested-With": "XMLHttpRequest" } });
    modal.classList.remove("_show");
    modal.nextElementSibling.remove();
  });
}
