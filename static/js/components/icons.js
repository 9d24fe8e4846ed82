/* The icons: strokes on a 24 x 24 grid, in the colour of the text around them. */

import { s } from '../lib/dom.js';

const PATHS = {
  clock: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M12 7v5l3 2'],
  play: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M10 8.5l5.5 3.5l-5.5 3.5z'],
  retry: ['M4 12a8 8 0 0 1 13.7-5.7L20 8.5', 'M20 4v4.5h-4.5', 'M20 12a8 8 0 0 1-13.7 5.7L4 15.5', 'M4 20v-4.5h4.5'],
  calendar: ['M5 5h14a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z', 'M4 10h16', 'M8 3v4', 'M16 3v4'],
  check: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M8 12.5l2.7 2.7L16 9.5'],
  cross: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M9 9l6 6', 'M15 9l-6 6'],
  slash: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M6 6l12 12'],
  hourglass: ['M7 3h10', 'M7 21h10', 'M8 3v3.5L12 12l4-5.5V3', 'M8 21v-3.5L12 12l4 5.5V21'],
  warning: ['M12 4L2.8 20h18.4z', 'M12 10v4.5', 'M12 17.2v.1'],
  copy: ['M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1z',
    'M16 9V4a1 1 0 0 0-1-1H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  send: ['M4 12l16-8l-6 16l-3-6.5z', 'M11 13.5L20 4'],
  sun: ['M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8', 'M12 2v2.5', 'M12 19.5V22', 'M2 12h2.5', 'M19.5 12H22', 'M5 5l1.7 1.7', 'M17.3 17.3L19 19',
    'M5 19l1.7-1.7', 'M17.3 6.7L19 5'],
  moon: ['M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z'],
  screen: ['M4 4h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z', 'M8 20h8', 'M12 16v4'],
  keyboard: ['M3 6h18v12H3z', 'M7 10h.1', 'M12 10h.1', 'M17 10h.1', 'M8 14h8'],
  arrow: ['M5 12h14', 'M13 6l6 6l-6 6'],
  key: ['M8 12a4 4 0 1 0 0 8a4 4 0 1 0 0-8', 'M11 13l8-8', 'M16 8l3 3'],
  search: ['M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13', 'M15.5 15.5L20 20'],
  download: ['M12 4v11', 'M7 11l5 5l5-5', 'M5 20h14'],
  edit: ['M4 20l1-4L16 5l3 3L8 19z', 'M14 7l3 3'],
  link: ['M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7', 'M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17'],
  bookmark: ['M7 4h10a1 1 0 0 1 1 1v15l-6-4.5L6 20V5a1 1 0 0 1 1-1z'],
  down: ['M6 9l6 6l6-6'],
  pause: ['M9 6v12', 'M15 6v12'],
  drain: ['M5 5h14', 'M12 9v10', 'M7.5 14.5L12 19l4.5-4.5'],
  trash: ['M4 7h16', 'M9 7V4h6v3', 'M6 7l1 13h10l1-13'],
  home: ['M4 11l8-7l8 7', 'M6 9.5V20h4.5v-5h3v5H18V9.5'],
  rows: ['M8 6h12', 'M8 12h12', 'M8 18h12', 'M4 6h.1', 'M4 12h.1', 'M4 18h.1'],
  layers: ['M12 3l9 4.5l-9 4.5l-9-4.5z', 'M3 12l9 4.5l9-4.5', 'M3 16.5l9 4.5l9-4.5'],
  chip: ['M7 7h10v10H7z', 'M10 3v4', 'M14 3v4', 'M10 17v4', 'M14 17v4', 'M3 10h4', 'M3 14h4', 'M17 10h4', 'M17 14h4'],
  database: ['M12 4c4.4 0 8 1.3 8 3s-3.6 3-8 3s-8-1.3-8-3s3.6-3 8-3z', 'M4 7v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7',
    'M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3'],
  terminal: ['M4 5h16v14H4z', 'M8 10l2.5 2l-2.5 2', 'M13 15h3'],
  person: ['M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8', 'M5 20c0-3.5 3-5.5 7-5.5s7 2 7 5.5'],
  sliders: ['M4 7h10', 'M18 7h2', 'M16 5v4', 'M4 17h2', 'M10 17h10', 'M8 15v4'],
  book: ['M6 4h9a3 3 0 0 1 3 3v13H9a3 3 0 0 1-3-3z', 'M6 17a3 3 0 0 1 3-3h9'],
  swap: ['M4 8h15', 'M15 4l4 4l-4 4', 'M20 16H5', 'M9 12l-4 4l4 4'],
  sidebar: ['M4 5h16v14H4z', 'M9.5 5v14'],
  more: ['M5 12h.1', 'M12 12h.1', 'M19 12h.1'],
  code: ['M8 6l-5 6l5 6', 'M16 6l5 6l-5 6', 'M13.5 4l-3 16'],
  undo: ['M4 10h11a5 5 0 0 1 0 10h-4', 'M8 6l-4 4l4 4'],
};

/**
 * A decorative icon: the words beside it say what it means.
 * @param {string} name
 * @param {string} [className]
 */
export function icon(name, className = '') {
  return s('svg', { class: `icon ${className}`, viewBox: '0 0 24 24', 'aria-hidden': 'true', key: name },
    ...(PATHS[name] ?? []).map((d) => s('path', { d })));
}
