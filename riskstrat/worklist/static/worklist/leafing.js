// The arrow keys lead to the previous and the next person, unless somebody is writing or has not kept what was written.
const EDITABLE = "input, textarea, select, button, [contenteditable], .scroll";

function wasChanged(field) {
  if (field.type === "hidden") return false;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((one) => one.selected !== one.defaultSelected);
  return "defaultValue" in field && field.value !== field.defaultValue;
}

function holdsUnkept() {
  return [...document.forms].some((form) => [...form.elements].some(wasChanged));
}

document.addEventListener("keydown", (event) => {
  const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (!way || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest(EDITABLE) || holdsUnkept()) return;
  document.querySelector(`a[rel=${way}]`)?.click();
});
