/** A small server that answers as the helpdesk's API does, and what n8n hands to a node, with real requests behind it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { NodeApiError } = createRequire(import.meta.url)('n8n-workflow');

/** answers: by `METHOD /path`, a list whose last one is repeated, each `[status, body, headers]` or 'hang up'. */
export async function serve(answers) {
	const asked = [];
	const server = createServer(async (request, response) => {
		let text = '';
		for await (const piece of request) text += piece;
		const url = new URL(request.url, 'http://helpdesk');
		const left = answers[`${request.method} ${url.pathname}`] ?? [[404, problem(404, 'not_found', `no ${url.pathname}`)]];
		asked.push({
			what: `${request.method} ${url.pathname}`,
			query: Object.fromEntries(url.searchParams),
			key: request.headers['idempotency-key'],
			authorization: request.headers.authorization,
			body: text === '' ? undefined : JSON.parse(text),
		});
		const answer = left.length > 1 ? left.shift() : left[0];
		if (answer === 'hang up') return request.socket.destroy();
		const [status, body, headers] = answer;
		const type = status < 400 ? 'application/json' : 'application/problem+json';
		response.writeHead(status, { 'Content-Type': type, ...headers });
		response.end(typeof body === 'string' ? body : JSON.stringify(body));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		asked,
		url: `http://127.0.0.1:${server.address().port}`,
		close: async () => {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}

export function problem(status, code, detail, more = {}) {
	return { type: `/problems/${code}`, title: code, status, detail, code, request_id: 'r-1', ...more };
}

export function call(status, more = {}) {
	return { invocation_id: 'i-1', tool: 'create_ticket', status, result: null, failure: null, dry_run: false, ...more };
}

export function run(status, more = {}) {
	return { run_id: 'r-1', kind: 'goal', goal: 'Process refund', status, result: null, error: null, ...more };
}

/** What `this` is in a node's execute. parameters: of all items, or by a function of the item's index. */
export function context(url, parameters, { items = [{}], goesOn = false, execution = '7', name = 'Node', pass = 0, instance = 'a', signal } = {}) {
	const get = (path, source) => path.split('.').reduce((value, key) => value?.[key], source);
	return {
		getInputData: () => items.map((json) => ({ json })),
		getNode: () => ({ name, type: 'helpdesk', typeVersion: 1, id: 'n', position: [0, 0], parameters: {} }),
		getNodeParameter: (path, item, otherwise) =>
			get(path, typeof parameters === 'function' ? parameters(item) : parameters) ?? otherwise,
		getCredentials: async () => ({ baseUrl: `${url}/`, apiKey: 'hd_key' }),
		getExecutionId: () => execution,
		getExecutionCancelSignal: () => signal,
		getInstanceId: () => instance,
		getWorkflow: () => ({ id: 'w', name: 'refund', active: true }),
		getWorkflowDataProxy: () => ({ $runIndex: pass }),
		continueOnFail: () => goesOn,
		helpers: {
			async httpRequestWithAuthentication(_, asked) {
				const address = new URL(asked.url);
				for (const [key, value] of Object.entries(asked.qs ?? {})) address.searchParams.set(key, String(value));
				const { apiKey } = await this.getCredentials();
				// n8n's own request gives its errors wrapped like this.
				const lost = (error) => {
					const told = Object.assign(new Error(error.message), { code: error.cause?.code ?? 'ECONNRESET' });
					throw new NodeApiError(this.getNode(), told);
				};
				const answer = await fetch(address, {
					method: asked.method,
					body: asked.body,
					headers: { ...asked.headers, Authorization: `Bearer ${apiKey}` },
					signal: AbortSignal.timeout(asked.timeout),
					redirect: 'manual',
				}).catch(lost);
				const text = await answer.text();
				const isJson = /json/.test(answer.headers.get('content-type') ?? '');
				return {
					statusCode: answer.status,
					headers: Object.fromEntries(answer.headers),
					body: isJson ? JSON.parse(text) : text,
				};
			},
		},
	};
}
