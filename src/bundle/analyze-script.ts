/** The style of the analysis page; the page's policy names its hash. */
export const ANALYZE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#fff, #16181d); --ink: light-dark(#1b1d22, #f0f1f4);
  --paper: light-dark(#f6f7f9, #1b1d22); --soft: light-dark(#5a6070, #a6adbb); --mark: light-dark(#0b57d0, #8ab4f8); }
* { box-sizing: border-box; }
body { margin: 0; padding: 12px; font: 15px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: baseline; }
h1 { font-size: 1.2rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1rem; }
p { margin: 0; } label { color: var(--soft); }
select, input { font: inherit; max-width: 100%; color: inherit; background: var(--line); border: 1px solid var(--soft); border-radius: 4px; padding: 2px 6px; }
nav { margin: 8px 0; min-height: 1.8em; overflow-wrap: anywhere; }
nav button { font: inherit; border: 0; background: none; color: var(--mark); padding: 0 2px; cursor: pointer; }
#map { position: relative; width: 100%; height: min(70vh, 56vw); min-height: 300px; overflow: hidden; }
#map button { position: absolute; overflow: hidden; padding: 1px 4px; text-align: left; vertical-align: top; white-space: nowrap;
  display: flex; align-items: flex-start; font: 12px/1.3 system-ui, sans-serif; cursor: pointer;
  color: light-dark(#14161a, #f0f1f4); border: 1px solid var(--line); border-radius: 2px; text-overflow: ellipsis; }
#map button.folder { font-weight: 600; }
#map button.dim { opacity: .25; }
button:focus-visible, a:focus-visible { outline: 3px solid var(--mark); outline-offset: -3px; z-index: 2; }
#detail { margin: 12px 0; min-height: 5em; overflow-wrap: anywhere; }
#detail ol, #largest { padding-left: 1.6em; margin: 4px 0; } li { overflow-wrap: anywhere; }
#largest button { font: inherit; border: 0; background: none; color: var(--mark); padding: 0; text-align: left; cursor: pointer; overflow-wrap: anywhere; }
small { color: var(--soft); }
`

/** The script of the analysis page: plain JavaScript for any current browser. */
export const ANALYZE_SCRIPT = `
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const size = (n) => n < 1024 ? n + ' B' : n < 1048576 ? (n / 1024).toFixed(1) + ' KiB' : (n / 1048576).toFixed(2) + ' MiB';
const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name]);
  return element;
};
let output = 0;
let trail = [];
const top_ = () => data.outputs[output].box;
const current = () => trail[trail.length - 1] || top_();
const files = (box) => box.children.length === 0 ? [box] : box.children.flatMap(files);

function hue(path) {
  const group = path.split('/').slice(0, 2).join('/');
  let hash = 0;
  for (const letter of group) hash = (hash * 31 + letter.charCodeAt(0)) % 360;
  return hash;
}

function show() {
  const box = current();
  const map = $('map');
  const wanted = $('find').value.toLowerCase();
  map.replaceChildren();
  const width = box.x1 - box.x0 || 1;
  const height = box.y1 - box.y0 || 1;
  const shown = box.children.length === 0 ? [box] : box.children;
  for (const child of shown) {
    const isFolder = child.children.length > 0;
    const share = (100 * child.bytes / (box.bytes || 1)).toFixed(1) + ' %';
    const button = make('button', child.name + (isFolder ? '/' : ''), {
      type: 'button', class: isFolder ? 'folder' : 'file', 'data-path': child.path,
      'aria-label': (isFolder ? 'folder ' : 'file ') + child.path + ', ' + size(child.bytes) + ', ' + share,
      title: child.path + '\\n' + size(child.bytes) + ', ' + share,
    });
    const style = button.style;
    style.left = 100 * (child.x0 - box.x0) / width + '%';
    style.top = 100 * (child.y0 - box.y0) / height + '%';
    style.width = 100 * (child.x1 - child.x0) / width + '%';
    style.height = 100 * (child.y1 - child.y0) / height + '%';
    style.backgroundColor = 'light-dark(hsl(' + hue(child.path) + ' 65% 78%), hsl(' + hue(child.path) + ' 35% 30%))';
    const hit = files(child).some((file) => file.path.toLowerCase().includes(wanted));
    if (wanted !== '' && !hit) button.classList.add('dim');
    button.addEventListener('click', () => open(child));
    button.addEventListener('focus', () => detail(child));
    map.append(button);
  }
  crumbs();
}

function open(box) {
  if (box.children.length === 0) return detail(box);
  trail.push(box);
  show();
  focusFirst();
}

function up() {
  const left = trail.pop();
  if (left === undefined) return;
  show();
  const button = [...$('map').children].find((item) => item.dataset.path === left.path);
  if (button) button.focus();
}

function focusFirst() {
  const first = $('map').firstElementChild;
  if (first) first.focus();
}

function crumbs() {
  const nav = $('crumbs');
  nav.replaceChildren();
  const add = (text, depth) => {
    const button = make('button', text, { type: 'button' });
    button.addEventListener('click', () => { trail = trail.slice(0, depth); show(); focusFirst(); });
    nav.append(button);
  };
  add(data.outputs[output].path, 0);
  trail.forEach((box, index) => { nav.append(' › '); add(box.name, index + 1); });
}

function detail(box) {
  const panel = $('detail');
  const module = data.modules[box.path];
  panel.replaceChildren(make('h2', box.path || data.outputs[output].path));
  const all = top_().bytes || 1;
  panel.append(make('p', size(box.bytes) + ' in this output, ' + (100 * box.bytes / all).toFixed(1) + ' % of it' +
    (module ? '; ' + size(module.bytes) + ' of source' : '; ' + files(box).length + ' modules')));
  if (!module) return;
  const chain = make('ol', '', { id: 'why' });
  for (const step of module.why) {
    const item = make('li', step.path + ' ');
    if (step.specifier) item.append(make('small', step.kind + ' "' + step.specifier + '"'));
    chain.append(item);
  }
  panel.append(make('p', module.why.length > 1 ? 'Why it is here, from the entry:' : 'It is an entry.'), chain);
  const others = module.importers.map((item) => item.path);
  if (others.length > 0) panel.append(make('p', 'Imported by ' + others.length + ': ' + others.slice(0, 20).join(', ')));
}

/** The nearest box in a direction, by the centres. */
function neighbour(from, dx, dy) {
  const middle = (item) => { const r = item.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
  const [x, y] = middle(from);
  let best; let bestDistance = Infinity;
  for (const item of $('map').children) {
    const [ix, iy] = middle(item);
    const along = (ix - x) * dx + (iy - y) * dy;
    const across = Math.abs((ix - x) * dy) + Math.abs((iy - y) * dx);
    const distance = along + 2 * across;
    if (item !== from && along > 0 && distance < bestDistance) { best = item; bestDistance = distance; }
  }
  return best;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
$('map').addEventListener('keydown', (event) => {
  const arrow = ARROWS[event.key];
  if (arrow) {
    const next = neighbour(document.activeElement, arrow[0], arrow[1]);
    if (next) next.focus();
  } else if (event.key === 'Escape' || event.key === 'Backspace') up();
  else return;
  event.preventDefault();
});

/** Opens the folders on the way to a file and shows it. */
function reveal(path) {
  trail = [];
  for (let box = top_(); ;) {
    box = box.children.find((child) => child.path === path || (child.children.length > 0 && path.startsWith(child.path)));
    if (!box || box.children.length === 0) break;
    trail.push(box);
  }
  show();
  const button = [...$('map').children].find((item) => item.dataset.path === path);
  if (button) button.focus();
}

function largest() {
  const list = $('largest');
  list.replaceChildren();
  const sorted = files(top_()).sort((a, b) => b.bytes - a.bytes).slice(0, 30);
  for (const box of sorted) {
    const button = make('button', box.path, { type: 'button' });
    button.addEventListener('click', () => reveal(box.path));
    const item = make('li', '');
    item.append(button, ' ', make('small', size(box.bytes)));
    list.append(item);
  }
}

function choose(index) {
  output = index;
  trail = [];
  const { bytes, box } = data.outputs[index];
  $('total').textContent = size(bytes) + ' from ' + files(box).filter((file) => file.path).length + ' modules';
  show();
  largest();
  detail(box);
}

if (data.outputs.length === 0) $('total').textContent = 'The outputs hold no module.';
else {
  data.outputs.forEach((item, index) => $('output').append(make('option', item.path, { value: index })));
  $('output').addEventListener('change', () => choose(Number($('output').value)));
  $('find').addEventListener('input', show);
  choose(0);
}
`
