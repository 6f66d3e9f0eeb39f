// The tabs of an order's classic page: one panel is shown at a time.

const tabs = [...document.querySelectorAll(".classic-tabs a")];
for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    for (const other of tabs) {
      other.parentElement.classList.toggle("_active", other === tab);
      document.querySelector(other.hash).hidden = other !== tab;
    }
  });
}
