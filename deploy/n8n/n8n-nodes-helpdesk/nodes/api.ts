/** Requests to the helpdesk: sent again with the same key while it may help, and refusals in the helpdesk's own words. */
import { setTimeout as pause } from 'node:timers/promises';

import { NodeApiError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, ILoadOptionsFunctions, IHttpRequestMethods, JsonObject } from 'n8n-workflow';

const CREDENTIALS = 'helpdeskApi';
// A helpdesk that starts anew is back by then.
const GIVES_UP_AFTER = 60_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
// The helpdesk gives up after 30 seconds itself, and says so.
const ANSWER_TIME = 40_000;
const BUSY = new Set([429, 502, 503, 504]);

export interface Wish {
	method: IHttpRequestMethods;
	path: string;
	query?: IDataObject;
	body?: IDataObject;
	/** Idempotency-Key: with it, a wish that is sent again is done once. */
	key?: string;
	/** Milliseconds that one answer may take. */
	timeout?: number;
}

interface Answer {
	statusCode: number;
	headers: Record<string, string | undefined>;
	body: unknown;
}

/** How long to wait for what a person or another system has to do: milliseconds, and the pauses between looks. */
export class Patience {
	private readonly until: number;

	private next = FIRST_PAUSE;

	constructor(
		limit: number,
		private readonly signal?: AbortSignal,
	) {
		this.until = Date.now() + limit;
	}

	get left(): number {
		return Math.max(0, this.until - Date.now());
	}

	/** Waits, a little longer each time. False where the time is up. Throws where the execution was cancelled. */
	async wait(least = 0): Promise<boolean> {
		const length = Math.max(this.next, least);
		this.next = Math.min(this.next * 1.6, LONGEST_PAUSE);
		if (this.left === 0) return false;
		await pause(Math.min(length, this.left), undefined, { signal: this.signal });
		return true;
	}
}

/** The answer's body. Throws NodeApiError with the problem's detail where the helpdesk says no, or does not answer. */
export async function ask(
	context: IExecuteFunctions | ILoadOptionsFunctions,
	wish: Wish,
	patience: Patience,
	item = 0,
): Promise<IDataObject> {
	const until = Date.now() + GIVES_UP_AFTER;
	for (;;) {
		let failure: NodeApiError;
		let least = 0;
		const answer = await send(context, wish).catch(lostOrThrow);
		if (answer instanceof Lost) {
			failure = new NodeApiError(context.getNode(), {}, {
				message: 'The helpdesk did not answer',
				description: `${wish.method} ${wish.path}: ${answer.code}`,
				itemIndex: item,
			});
		} else {
			if (answer.statusCode < 300) return bodyOf(answer);
			failure = refusal(context, answer, item);
			if (!BUSY.has(answer.statusCode)) throw failure;
			least = 1000 * Math.max(0, Number(answer.headers['retry-after'] ?? 0) || 0);
		}
		if (Date.now() > until || !(await patience.wait(least))) throw failure;
	}
}

async function send(context: IExecuteFunctions | ILoadOptionsFunctions, wish: Wish): Promise<Answer> {
	const { baseUrl } = await context.getCredentials<{ baseUrl: string }>(CREDENTIALS);
	return (await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIALS, {
		method: wish.method,
		url: baseUrl.replace(/\/+$/, '') + wish.path,
		qs: wish.query,
		// As text: n8n would leave an empty object out.
		body: wish.body && JSON.stringify(wish.body),
		headers: {
			Accept: 'application/json',
			...(wish.body && { 'Content-Type': 'application/json' }),
			...(wish.key && { 'Idempotency-Key': wish.key }),
		},
		timeout: wish.timeout ?? ANSWER_TIME,
		json: true,
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
	})) as Answer;
}

function bodyOf(answer: Answer): IDataObject {
	return typeof answer.body === 'string' ? (JSON.parse(answer.body) as IDataObject) : (answer.body as IDataObject);
}

/** RFC 9457's problem details, which the helpdesk answers with. */
function refusal(context: IExecuteFunctions | ILoadOptionsFunctions, answer: Answer, item: number): NodeApiError {
	let problem: IDataObject = {};
	try {
		problem = bodyOf(answer) ?? {};
	} catch {
		// Something before the helpdesk answered; its status is all there is.
	}
	const fields = (Array.isArray(problem.errors) ? problem.errors : []) as Array<{ field?: string; message?: string }>;
	const about = [
		problem.code && `code ${String(problem.code)}`,
		problem.field && `field ${String(problem.field)}`,
		...fields.map((each) => `${each.field}: ${each.message}`),
		problem.request_id && `request ${String(problem.request_id)}`,
	].filter(Boolean);
	return new NodeApiError(context.getNode(), problem as JsonObject, {
		message: String(problem.detail ?? `The helpdesk answered with status ${answer.statusCode}`),
		description: about.join(', '),
		httpCode: String(answer.statusCode),
		itemIndex: item,
	});
}

/** No answer came, so that nobody knows whether it was done: the same key may be sent again. */
class Lost {
	constructor(readonly code: string) {}
}

/** n8n wraps what the network says, and keeps its code now here, now there. */
function lostOrThrow(error: unknown): Lost {
	const seen = error as { httpCode?: string; code?: string; cause?: { code?: string } };
	const code = [seen.httpCode, seen.code, seen.cause?.code].find((each) => /^(E[A-Z_]+|UND_ERR_\w+)$/.test(String(each)));
	if (code === undefined) throw error;
	return new Lost(code);
}
