import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { context, problem, run, serve } from './helpdesk.mjs';
import { AutoGenExecute } from '../dist/nodes/AutoGenExecute.node.js';

const BEGIN = 'POST /orchestrator/runs';
const LOOK = 'GET /runs/r-1';
const ASKED = { goal: 'Process refund', context: { order_number: 'NT-1' } };
const RESULT = { summary: 'done', toolArgs: { subject: 'Refund' } };
const DONE = [200, run('done', { result: RESULT })];

let helpdesk;
afterEach(async () => await helpdesk?.close());

async function pursue(answers, parameters = ASKED, options = {}) {
	helpdesk = await serve(answers);
	return await new AutoGenExecute().execute.call(context(helpdesk.url, parameters, options));
}

describe('AutoGen.Execute', () => {
	it('has the goal pursued with the item’s data and its context, and gives the run’s result', async () => {
		const given = [{ name: 'Ada', order_number: 'NT-0' }];
		const [items] = await pursue({ [BEGIN]: [DONE] }, ASKED, { items: given });
		assert.deepEqual(items, [{ json: RESULT, pairedItem: { item: 0 } }]);
		assert.deepEqual(helpdesk.asked[0].body, {
			goal: 'Process refund',
			context: { name: 'Ada', order_number: 'NT-1' },
		});
		assert.deepEqual(helpdesk.asked[0].query, { wait: '60' });
		assert.match(helpdesk.asked[0].key, /^n8n\/[0-9a-f]{64}$/);
	});

	it('looks again until a run that goes on has ended', async () => {
		const [items] = await pursue({ [BEGIN]: [[202, run('running')]], [LOOK]: [[200, run('waiting')], DONE] });
		assert.deepEqual(items[0].json, RESULT);
		assert.deepEqual(helpdesk.asked.map((each) => each.what), [BEGIN, LOOK, LOOK]);
	});

	it('tells that a run still waits when its time is up, and asks for no longer than that', async () => {
		const waiting = [202, run('waiting')];
		await assert.rejects(
			pursue({ [BEGIN]: [waiting], [LOOK]: [waiting] }, { ...ASKED, options: { timeLimit: 1 } }),
			/Process refund: the run still waits, for a moment or a person's approval/,
		);
		assert.deepEqual(helpdesk.asked[0].query, { wait: '1' });
	});

	it('shows why a run failed, and where', async () => {
		const fault = { code: 'tool_refused', message: 'the order is not delivered', step: 'refund' };
		await assert.rejects(pursue({ [BEGIN]: [[200, run('failed', { error: fault })]] }), (error) => {
			assert.equal(error.message, 'the order is not delivered');
			assert.match(error.description, /Run r-1 is failed, code tool_refused, step refund/);
			return true;
		});
	});

	it('says when a person goes on with it', async () => {
		await assert.rejects(pursue({ [BEGIN]: [[200, run('handed_over')]] }), /handed over: a person goes on with it/);
	});

	it('begins a run once, though the connection is lost while it is waited for', async () => {
		await pursue({ [BEGIN]: ['hang up', DONE] });
		assert.equal(helpdesk.asked.length, 2);
		assert.equal(helpdesk.asked[0].key, helpdesk.asked[1].key);
	});

	it('hands on the conversation and the plan', async () => {
		await pursue({ [BEGIN]: [DONE] }, { ...ASKED, plan: 'process_refund', options: { conversation: 'c-1' } });
		const { conversation_id, plan } = helpdesk.asked[0].body;
		assert.deepEqual({ conversation_id, plan }, { conversation_id: 'c-1', plan: 'process_refund' });
	});

	it('shows the detail of a problem, and goes on with the other items where it is told to', async () => {
		const unknown = [422, problem(422, 'invalid_input', "goal='Fly': the goals there are: Process refund")];
		const [items] = await pursue({ [BEGIN]: [unknown, DONE] }, ASKED, { items: [{}, {}], goesOn: true });
		assert.deepEqual(items[0].json, { error: "goal='Fly': the goals there are: Process refund" });
		assert.deepEqual(items[1].json, RESULT);
	});
});
