/* What an operator can do with webhooks: make, change, test, enable, disable, delete them, replay deliveries. */

import { explain } from '../api/problem.js';
import { ApiProblem } from '../api/tasks.js';
import { changeWebhook, createWebhook, deleteWebhook, replayDelivery, rotateSecret, testWebhook } from '../api/webhooks.js';
import { createAttempt } from '../components/notify.js';
import { fromHere, pageUrl } from '../lib/router.js';
import { nameOf } from './pieces.js';
import * as texts from '../texts/webhooks.js';

/** @typedef {import('../state/webhooks.js').Webhook} Webhook */

/**
 * @param {import('../state/store.js').Store} store
 * @param {import('../state/actions.js').Toast} toast
 * @param {import('../state/actions.js').Reread} reread
 * @returns {import('../state/actions.js').WebhookActions}
 */
export function createWebhookActions({ dispatch, state }, toast, reread) {
  const done = () => reread('webhooks', 'webhook', 'deliveries', 'audit');
  const attempt = createAttempt(toast, done);
  const show = (set) => dispatch({ type: 'ui', set });
  const ask = (question) => dispatch({ type: 'question', question });

  /** The next read may be seconds away: what an answer tells is shown at once. @param {Webhook} webhook */
  function hold(webhook) {
    const listed = /** @type {Webhook[]|undefined} */ (state().facts.webhooks?.value);
    const { item } = state().route;
    // A late answer must not take away another one.
    if (!item || item === webhook.id) dispatch({ type: 'fact', name: 'webhook', key: webhook.id, value: webhook });
    if (!listed) return;
    const others = listed.filter(({ id }) => id !== webhook.id);
    dispatch({ type: 'fact', name: 'webhooks', value: [...others, webhook] });
  }

  const setEnabled = (webhook, enabled, reason = '') => attempt(async () => {
    hold(await changeWebhook(webhook.id, JSON.stringify({ enabled, ...(reason ? { reason } : {}) })));
    toast('good', (enabled ? texts.enabled : texts.disabled)(nameOf(webhook)));
  });

  return {
    enableWebhook: (webhook) => setEnabled(webhook, true),
    askDisableWebhook: (webhook) => ask({
      title: texts.DISABLE_ASK.title(nameOf(webhook)), text: texts.DISABLE_ASK.text, verb: texts.DISABLE,
      run: (reason) => setEnabled(webhook, false, reason),
    }),
    askDeleteWebhook: (webhook) => ask({
      title: texts.DELETE_ASK.title(nameOf(webhook)), text: texts.DELETE_ASK.text, verb: texts.DELETE, danger: true,
      run: (reason) => attempt(async () => {
        const goOn = fromHere();
        await deleteWebhook(webhook.id, reason);
        const listed = state().facts.webhooks?.value;
        if (listed) dispatch({ type: 'fact', name: 'webhooks', value: listed.filter(({ id }) => id !== webhook.id) });
        goOn(pageUrl('webhooks'));
        toast('good', texts.deleted(nameOf(webhook)));
      }),
    }),
    askNewSecret: (webhook) => ask({
      title: texts.SECRET_ASK.title(nameOf(webhook)), text: texts.SECRET_ASK.text, verb: texts.NEW_SECRET,
      run: (reason) => attempt(async () => {
        const { secret, ...changed } = await rotateSecret(webhook.id, reason);
        hold(changed);
        show({ secret: { id: webhook.id, text: secret } });
      }),
    }),
    forgetSecret: () => show({ secret: null }),
    testWebhook: (webhook) => attempt(async () => {
      await testWebhook(webhook.id);
      toast('good', state().route.item ? texts.TEST_SENT : texts.testSentTo(nameOf(webhook)));
    }),
    replayDelivery: (webhook, delivery) => attempt(async () => {
      await replayDelivery(webhook, delivery);
      toast('good', texts.REPLAYED);
    }),

    saveWebhook: createSave(hold, show, toast, done),
  };
}

function createSave(hold, show, toast, done) {
  return async (id, body) => {
    const goOn = fromHere();
    try {
      const { secret, ...webhook } = id ? { secret: '', ...await changeWebhook(id, body) } : await createWebhook(body);
      hold(webhook);
      if (secret) show({ secret: { id: webhook.id, text: secret } });
      toast('good', id ? texts.saved(nameOf(webhook)) : texts.created);
      goOn(pageUrl('webhooks', {}, webhook.id));
      done();
      return [];
    } catch (error) {
      const { text } = explain(error);
      return error instanceof ApiProblem && error.errors.length ? error.errors : [{ pointer: '', message: texts.notSaved(text) }];
    }
  };
}
