// An event's page: chances of its outcomes, the chart's last points, the ticket of the chosen outcome.
import { startChart } from "./chart.js";
import { bestOf, chanceOf, followVisible, showOther, showToken } from "./lines.js";
import { Ticket } from "./ticket.js";
import { followSheet } from "./sheet.js";

const SUBSCRIPTIONS_MAX = 60;

const chart = startChart(document.querySelector("[data-chart=event]"), { percent: true });
const charted = [...document.querySelectorAll(".legend [data-token]")].map((node) => node.dataset.token);
const form = document.querySelector("[data-ticket]");
const ticket = form && form.elements.side ? new Ticket(form) : null;
followSheet(ticket);
const [first, second] = [".y", ".x"].map((half) => form?.querySelector(`.outs ${half} [data-token]`)?.dataset.token);

followVisible(document.querySelectorAll("tr[data-token], .legend [data-token]"), SUBSCRIPTIONS_MAX, (book) => {
  showToken(book.token_id, book, 1);
  const place = charted.indexOf(book.token_id);
  if (place >= 0) chart?.update(place, chanceOf(bestOf(book)));
  if (book.token_id !== first) return;
  showOther(second, bestOf(book));
  ticket?.bookMoved();
});
