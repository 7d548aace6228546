import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { call, context, problem, serve } from './helpdesk.mjs';
import { ToolInvoker } from '../dist/nodes/ToolInvoker.node.js';

const INVOKE = 'POST /tools/create_ticket/invoke';
const LOOK = 'GET /tools/invocations/i-1';
const ASKED = { tool: 'create_ticket', input: { subject: 'Zip' } };
const DONE = [200, call('done', { result: { id: 't-1' } })];

let helpdesk;
afterEach(async () => await helpdesk?.close());

async function invoke(answers, parameters = ASKED, options = {}) {
	helpdesk = await serve(answers);
	return await new ToolInvoker().execute.call(context(helpdesk.url, parameters, options));
}

describe('ToolInvoker', () => {
	it('calls the tool with its input, the credential and a key, and gives the result', async () => {
		const [items] = await invoke({ [INVOKE]: [DONE] });
		assert.deepEqual(items, [{ json: { id: 't-1' }, pairedItem: { item: 0 } }]);
		assert.equal(helpdesk.asked.length, 1);
		assert.deepEqual(helpdesk.asked[0].body, { subject: 'Zip' });
		assert.equal(helpdesk.asked[0].authorization, 'Bearer hd_key');
		assert.match(helpdesk.asked[0].key, /^n8n\/[0-9a-f]{64}$/);
	});

	it('calls once for each item, each with a key of its own', async () => {
		const parameters = (item) => ({ tool: 'create_ticket', input: JSON.stringify({ subject: `${item}` }) });
		const [items] = await invoke({ [INVOKE]: [DONE] }, parameters, { items: [{}, {}, {}] });
		assert.deepEqual(items.map((each) => each.pairedItem.item), [0, 1, 2]);
		assert.deepEqual(helpdesk.asked.map((each) => each.body.subject), ['0', '1', '2']);
		assert.equal(new Set(helpdesk.asked.map((each) => each.key)).size, 3);
	});

	it('has the same key when it is tried again in one execution, and another one anywhere else', async () => {
		const elsewhere = [{ execution: '8' }, { name: 'Other' }, { pass: 1 }, { instance: 'b' }];
		helpdesk = await serve({ [INVOKE]: [DONE] });
		for (const options of [{}, {}, ...elsewhere]) {
			await new ToolInvoker().execute.call(context(helpdesk.url, ASKED, options));
		}
		const [first, again, ...others] = helpdesk.asked.map((each) => each.key);
		assert.equal(first, again);
		assert.equal(new Set([first, ...others]).size, 1 + elsewhere.length);
	});

	it('sends a key of the workflow’s own where one is given', async () => {
		await invoke({ [INVOKE]: [DONE] }, { ...ASKED, options: { key: 'order-1' } });
		assert.equal(helpdesk.asked[0].key, 'order-1');
	});

	it('waits for an approval and then gives the result', async () => {
		const waiting = call('waiting', { approval_id: 'a-1' });
		const [items] = await invoke({ [INVOKE]: [[202, waiting]], [LOOK]: [[200, waiting], [200, call('running')], DONE] });
		assert.deepEqual(items[0].json, { id: 't-1' });
		assert.deepEqual(helpdesk.asked.map((each) => each.what), [INVOKE, LOOK, LOOK, LOOK]);
	});

	it('tells that an approval is still waited for when its time is up', async () => {
		const waiting = call('waiting', { approval_id: 'a-1' });
		await assert.rejects(
			invoke({ [INVOKE]: [[202, waiting]], [LOOK]: [[200, waiting]] }, { ...ASKED, options: { timeLimit: 1 } }),
			/create_ticket: the call still waits for a person's approval \(a-1\)/,
		);
	});

	it('shows what a person who refused said', async () => {
		const refused = call('refused', { failure: { code: 'tool_refused', message: 'Anna refused: too much' } });
		await assert.rejects(invoke({ [INVOKE]: [[202, call('waiting')]], [LOOK]: [[200, refused]] }), /Anna refused: too much/);
	});

	it('shows the detail of a problem with its code and field, and asks once', async () => {
		const bad = problem(422, 'invalid_input', 'subject: is too long', { field: 'subject' });
		await assert.rejects(invoke({ [INVOKE]: [[422, bad]] }), (error) => {
			assert.equal(error.message, 'subject: is too long');
			assert.match(error.description, /invalid_input, field subject, request r-1/);
			assert.equal(error.httpCode, '422');
			return true;
		});
		assert.equal(helpdesk.asked.length, 1);
	});

	it('goes on with the other items where it is told to', async () => {
		const bad = [409, problem(409, 'tool_refused', 'the order is not delivered')];
		const [items] = await invoke({ [INVOKE]: [bad, DONE] }, ASKED, { items: [{}, {}], goesOn: true });
		assert.deepEqual(items, [
			{ json: { error: 'the order is not delivered' }, pairedItem: { item: 0 } },
			{ json: { id: 't-1' }, pairedItem: { item: 1 } },
		]);
	});

	it('sends the same key again after a lost connection and while the helpdesk is busy', async () => {
		const busy = [503, problem(503, 'unavailable', 'later')];
		const [items] = await invoke({ [INVOKE]: ['hang up', busy, DONE] });
		assert.deepEqual(items[0].json, { id: 't-1' });
		assert.equal(helpdesk.asked.length, 3);
		assert.equal(new Set(helpdesk.asked.map((each) => each.key)).size, 1);
	});

	it('heeds how long the helpdesk asks to be left alone', async () => {
		const busy = [429, problem(429, 'rate_limited', 'slower'), { 'Retry-After': '1' }];
		const started = Date.now();
		await invoke({ [INVOKE]: [busy, DONE] });
		assert.ok(Date.now() - started >= 990);
	});

	it('gives up on a helpdesk that stays busy, with its reason', async () => {
		const busy = [503, problem(503, 'tool_unavailable', 'the shop does not answer')];
		await assert.rejects(
			invoke({ [INVOKE]: [busy] }, { ...ASKED, options: { timeLimit: 2 } }),
			(error) => error.message === 'the shop does not answer' && error.httpCode === '503',
		);
		assert.ok(helpdesk.asked.length >= 2 && helpdesk.asked.length <= 5);
	});

	it('says that nobody answers where nobody does', async () => {
		helpdesk = await serve({});
		const { url } = helpdesk;
		await helpdesk.close();
		helpdesk = undefined;
		const node = context(url, { ...ASKED, options: { timeLimit: 1 } });
		await assert.rejects(new ToolInvoker().execute.call(node), /The helpdesk did not answer/);
	});

	it('shows the status of an answer that is not the helpdesk’s', async () => {
		const page = [502, '<html>bad gateway</html>', { 'Content-Type': 'text/html' }];
		await assert.rejects(
			invoke({ [INVOKE]: [page] }, { ...ASKED, options: { timeLimit: 1 } }),
			/The helpdesk answered with status 502/,
		);
	});

	it('says what is wrong with an input that is no object, and asks nothing', async () => {
		for (const input of ['{"a": ', '[1]', 'null', 5]) {
			await assert.rejects(invoke({}, { tool: 'create_ticket', input }), /input: an object is needed/);
			assert.equal(helpdesk.asked.length, 0);
			await helpdesk.close();
		}
		helpdesk = undefined;
	});

	it('does nothing in a dry run, and gives what would be done', async () => {
		const dry = call('waiting', { invocation_id: null, dry_run: true, result: { id: 'would be' } });
		const [items] = await invoke({ [INVOKE]: [[200, dry]] }, { ...ASKED, dryRun: true, options: { conversation: 'c' } });
		assert.deepEqual(items[0].json, { id: 'would be' });
		assert.deepEqual(helpdesk.asked[0].query, { dry_run: 'true', conversation_id: 'c' });
	});

	it('stops waiting when its execution is cancelled', async () => {
		const cancel = new AbortController();
		setTimeout(() => cancel.abort(), 300);
		const waiting = call('waiting');
		const started = Date.now();
		await assert.rejects(
			invoke({ [INVOKE]: [[202, waiting]], [LOOK]: [[200, waiting]] }, ASKED, { signal: cancel.signal }),
			/abort/i,
		);
		assert.ok(Date.now() - started < 5000);
	});

	it('offers the tools that programs may call', async () => {
		const tools = [
			{ name: 'create_ticket', description: 'Opens a ticket', allowed: true, callers: ['api', 'workflow'] },
			{ name: 'hidden', description: '', allowed: false, callers: ['api'] },
			{ name: 'inner', description: '', allowed: true, callers: ['workflow'] },
		];
		helpdesk = await serve({ 'GET /tools': [[200, { tools }]] });
		const offered = await new ToolInvoker().methods.loadOptions.tools.call(context(helpdesk.url, {}));
		assert.deepEqual(offered, [{ name: 'create_ticket', value: 'create_ticket', description: 'Opens a ticket' }]);
	});
});
