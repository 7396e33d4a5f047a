// Lightweight Charts over the server's SVG, in a box of the same height. Without the library the SVG stays.
import { colour, onTheme } from "./theme.js";

const CENT = 10_000;

function json(id) {
  const node = document.getElementById(id);
  return node ? JSON.parse(node.textContent) : null;
}

/** Points [[seconds, micros], …] as the library wants them: rising times, cents. */
function series(points) {
  const byTime = new Map(points.map(([time, price]) => [time, { time, value: price / CENT }]));
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

export function startChart(box, { percent = false } = {}) {
  const library = window.LightweightCharts;
  const data = json(box.dataset.src);
  if (!library || !data?.length) return null;
  const host = document.createElement("div");
  host.className = "lwc";
  host.setAttribute("aria-hidden", "true");
  box.append(host); // laid out before the library measures it, so that nothing inside moves
  const unit = percent ? "%" : "¢";
  const format = { type: "custom", formatter: (value) => `${Number(value.toFixed(1))}${unit}`, minMove: 0.01 };
  const chart = library.createChart(host, {
    autoSize: true,
    width: host.clientWidth,
    height: host.clientHeight,
    layout: { fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily, attributionLogo: false },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.1, bottom: 0.08 } },
    timeScale: { borderVisible: false, fixLeftEdge: true, fixRightEdge: true, timeVisible: true, secondsVisible: false },
    handleScroll: { vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  const many = Array.isArray(data[0][0]);
  const lines = (many ? data : [data]).map((points, place) => {
    const kind = many ? library.LineSeries : library.AreaSeries;
    const line = chart.addSeries(kind, { priceLineVisible: false, lastValueVisible: false, lineWidth: 2, crosshairMarkerRadius: 4, priceFormat: format, ...(many ? { lineStyle: [0, 0, 2, 1][place] } : {}) });
    line.setData(series(points));
    return line;
  });
  const paint = () => {
    chart.applyOptions({
      layout: { background: { color: colour("--surface-1") }, textColor: colour("--ink-3") },
      grid: { vertLines: { visible: false }, horzLines: { color: colour("--line") } },
      crosshair: { vertLine: { color: colour("--line-control"), labelBackgroundColor: colour("--ink-1") }, horzLine: { color: colour("--line-control"), labelBackgroundColor: colour("--ink-1") } },
    });
    lines.forEach((line, place) => {
      if (many) line.applyOptions({ color: colour(`--c${place + 1}`) });
      else line.applyOptions({ lineColor: colour("--yes"), topColor: colour("--yes", 0.2), bottomColor: colour("--yes", 0.01) });
    });
  };
  box.replaceChildren(host); // the box keeps the sentence that names the picture
  paint();
  onTheme(paint);
  chart.timeScale().fitContent();
  return new PriceChart(chart, lines, library);
}

class PriceChart {
  constructor(chart, lines, library) {
    this.chart = chart;
    this.lines = lines;
    this.library = library;
    this.last = lines.map((line) => line.data().at(-1)?.time ?? 0);
  }

  /** Move the last point: at most once a second, never backwards. */
  update(place, micros) {
    const now = Math.floor(Date.now() / 1000);
    if (micros === null || now <= this.last[place]) return;
    this.last[place] = now;
    this.lines[place].update({ time: now, value: micros / CENT });
  }

  replace(points) {
    this.lines[0].setData(series(points));
    this.last[0] = points.at(-1)?.[0] ?? 0;
    this.chart.timeScale().fitContent();
  }

  /** The reader's average price and executions: violet, because they are the reader's. */
  own({ average, fills }) {
    const [line] = this.lines;
    const line_average = average
      ? line.createPriceLine({ price: average / CENT, lineWidth: 1, lineStyle: 2, axisLabelVisible: false })
      : null;
    const markers = fills.length ? this.library.createSeriesMarkers(line, []) : null;
    const paint = () => {
      line_average?.applyOptions({ color: colour("--own") });
      markers?.setMarkers(fills.map(({ t, side }) => ({ time: t, color: colour("--own-solid"), shape: side === "BUY" ? "arrowUp" : "arrowDown", position: side === "BUY" ? "belowBar" : "aboveBar" })));
    };
    paint();
    onTheme(paint);
  }
}

/** Ranges switch without a reload; without script they are links. */
export function followRanges(nav, load) {
  nav?.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-range]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    if (!(await load(link.dataset))) {
      location.href = link.href;
      return;
    }
    for (const other of nav.querySelectorAll("a")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
  });
}
