/** What the report does besides lying there: search, filters, order, and lines of the picture. Without it all is still to be read. */
export const SCRIPT = `
'use strict';
const table = document.getElementById('component-table');
const body = table.tBodies[0];
const rows = [...body.rows];
const search = document.getElementById('search');
const type = document.getElementById('type');
const origin = document.getElementById('origin');
const count = document.getElementById('count');
const texts = new Map();
const textOf = (row) => {
  if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
  return texts.get(row);
};
const filter = () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
  let shown = 0;
  for (const row of rows) {
    const fits = (type.value === '' || row.dataset.type === type.value)
      && (origin.value === '' || row.dataset.origin === origin.value)
      && (words.length === 0 || words.every((word) => textOf(row).includes(word)));
    row.hidden = !fits;
    if (fits) shown += 1;
  }
  count.textContent = shown === rows.length ? rows.length + ' components' : shown + ' of ' + rows.length + ' components';
};
let waiting;
search.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(filter, 120);
});
for (const choice of [type, origin]) choice.addEventListener('change', filter);
const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
const heads = [...table.tHead.rows[0].cells];
const keyOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.key ?? (cell.querySelector('summary') ?? cell).textContent.trim();
};
heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
  const isAscending = head.getAttribute('aria-sort') !== 'ascending';
  for (const other of heads) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', isAscending ? 'ascending' : 'descending');
  const keyed = rows.map((row) => [keyOf(row, column), row]);
  keyed.sort(([a], [b]) => (isAscending ? 1 : -1) * order.compare(a, b));
  body.append(...keyed.map(([, row]) => row));
}));
const open = () => {
  const row = document.getElementById(location.hash.slice(1));
  if (row === null || row.tagName !== 'TR') return;
  if (row.hidden) {
    search.value = type.value = origin.value = '';
    filter();
  }
  const details = row.querySelector('details');
  if (details !== null) details.open = true;
  row.scrollIntoView({ block: 'center' });
};
addEventListener('hashchange', open);
for (const link of document.querySelectorAll('[data-search]')) {
  link.addEventListener('click', () => {
    search.value = link.dataset.search;
    filter();
  });
}
for (const button of document.querySelectorAll('[data-tree]')) {
  button.addEventListener('click', () => {
    for (const details of document.querySelectorAll('.tree details')) details.open = button.dataset.tree === 'open';
  });
}
for (const node of document.querySelectorAll('.picture a')) {
  const lines = document.querySelectorAll('.picture [data-a="' + node.dataset.node + '"], .picture [data-b="' + node.dataset.node + '"]');
  const mark = (isOn) => () => lines.forEach((line) => line.classList.toggle('on', isOn));
  for (const event of ['mouseenter', 'focus']) node.addEventListener(event, mark(true));
  for (const event of ['mouseleave', 'blur']) node.addEventListener(event, mark(false));
}
document.getElementById('tools').hidden = false;
filter();
open();
`;
