// A market's page for somebody with a portfolio: open orders, their marks on the ladder, fills as they come.
import * as live from "./live.js";
import { Marks, marksOf } from "./marks.js";
import { OpenOrders, sayFill } from "./orders.js";
import { swapper } from "./swap.js";

export function followMine(panel, { ladder, outcomeIndex, labels, condition }) {
  ladder.marks = new Marks(ladder);
  new OpenOrders(panel, (orders) => ladder.marks.show(marksOf(orders, outcomeIndex, labels)));
  const renew = swapper(["[aria-labelledby=pos-h]", "[aria-labelledby=fh-h]"]);
  live.on("fill", ({ trade }) => {
    if (trade.portfolio_id !== panel.dataset.portfolio) return;
    if (trade.role === "maker") sayFill(trade);
    if (trade.condition_id === condition) renew();
  });
}
