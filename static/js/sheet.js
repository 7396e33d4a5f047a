// The phone's ticket sheet opens by its address (#ticket); the quick bar fills it without a reload and
// steps aside while the ticket is on screen.
export function followSheet(ticket) {
  const bar = document.querySelector(".buybar");
  const panel = document.getElementById("ticket");
  if (bar && panel) {
    new IntersectionObserver(([entry]) => { bar.hidden = entry.isIntersecting; }, { threshold: 0.25 }).observe(panel);
  }
  if (!ticket) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-pick]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    const [side, outcome] = link.dataset.pick.split(" ");
    location.hash = "ticket";
    ticket.pick(side, Number(outcome));
  });
}
