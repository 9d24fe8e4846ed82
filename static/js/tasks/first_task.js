/* What the page of tasks says while there has never been one: how a first task is sent, and how a
   function becomes a task type. */

import { hasKey } from '../api/session.js';
import { h } from '../lib/dom.js';
import { base } from '../lib/root.js';
import { pageUrl } from '../lib/router.js';
import { asCurl } from './snippets.js';
import { submissionText } from './form.js';
import { copyButton, emptyState } from '../components/parts.js';
import * as common from '../texts/common.js';
import * as texts from '../texts/tasks.js';

const FUNCTION = `# my_tasks/hello.py; start with TASKS_PATH=my_tasks
from huey_tasks import task

@task(queue="high")
def greet(name: str) -> str:
    return f"Hello, {name}"
`;

/** @param {any[]|null} types @param {import('../state/actions.js').Actions} actions */
export function firstTask(types, actions) {
  const type = (types ?? []).find((each) => Object.keys(each.example ?? {}).length);
  const sends = document.body.dataset.app === 'dashboard';
  return h('div', { class: 'first-task', key: 'first', data: { testid: 'first-task' } },
    emptyState(common.NO_TASKS_YET, ...(sends
      ? [texts.SEND_FROM, h('a', { href: pageUrl('submit') }, 'form'), texts.OR_A_SHELL]
      : [common.TASKS_APPEAR])),
    sends && h('div', { class: 'first-ways' },
      type && way('Send a task', 'curl command', asCurl(submissionText(type.task_type, JSON.stringify(type.example), ''), base(), hasKey()),
        actions),
      way(texts.WRITE_A_TYPE, 'function', FUNCTION, actions)));
}

function way(title, what, text, actions) {
  return h('section', { class: 'card block', key: title },
    h('div', { class: 'block-head' }, h('h3', null, title), copyButton(actions, text, what)),
    h('pre', { tabindex: 0 }, text));
}
