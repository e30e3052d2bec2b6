// The conversation in the browser: its buttons, what is unfolded stays so, and the newest answer comes into view.

const unfolded = new Set();
let newest = "";
let placed = 0;

const answerOf = (control) => control.closest("[data-answer]").dataset.answer;

const does = {
  example: (control) => trigger("example", { number: Number(control.dataset.number) }),
  again: () => trigger("again", {}),
  rate: (control) => trigger("rate", { answer: answerOf(control), helpful: control.dataset.helpful === "yes" }),
  comment: (control) => {
    const comment = control.parentElement.querySelector("textarea").value;
    trigger("comment", { answer: answerOf(control), comment });
  },
  show: (control) => {
    const card = document.getElementById(control.dataset.shows);
    card.scrollIntoView({ block: "center" });
    card.focus({ preventScroll: true });
  },
  copy: async (control) => {
    await copy(control.dataset.text);
    const label = control.textContent;
    control.textContent = control.dataset.done;
    setTimeout(() => { control.textContent = label; }, 2000);
  },
};

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const carrier = document.createElement("textarea"); // plain http from another machine has no clipboard
  carrier.value = text;
  document.body.append(carrier);
  carrier.select();
  document.execCommand("copy");
  carrier.remove();
}

element.addEventListener("click", (event) => {
  const control = event.target.closest("[data-do]");
  if (control) does[control.dataset.do](control);
});

element.addEventListener("toggle", (event) => {
  if (event.target.open) unfolded.add(event.target.id);
  else unfolded.delete(event.target.id);
}, true);

function settle() {
  const conversation = element.querySelector(".conversation");
  if (!conversation) return;
  Object.assign(document.documentElement, { lang: conversation.lang, dir: conversation.dir });
  document.documentElement.dataset.ready = "";
  for (const details of element.querySelectorAll("details")) details.open = unfolded.has(details.id);
  const turns = element.querySelectorAll("article");
  const turn = turns[turns.length - 1];
  const now = turn ? `${turn.id} ${turn.matches(".searching")}` : "";
  const isNew = now !== newest;
  newest = now;
  if (!turn) return;
  // While it is written it moves up as there comes to be room, unless the reader has scrolled; once it is whole it stays.
  if (isNew || (turn.matches(".writing") && Math.abs(scrollY - placed) < 2)) {
    turn.scrollIntoView({ block: "start" });
    placed = scrollY;
  }
  if (isNew && document.activeElement === document.body) turn.focus({ preventScroll: true });
}

watch("value", settle);
settle();
