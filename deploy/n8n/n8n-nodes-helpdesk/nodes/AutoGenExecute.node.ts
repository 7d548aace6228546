/** AutoGen.Execute: has the helpdesk's orchestrator pursue a goal once for each item, and gives what came of it. */
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';

import { ask, Patience } from './api.js';
import { eachItem, keyOf, limitOf, objectOf } from './item.js';
import { OPTIONS } from './options.js';

// The helpdesk holds the first answer back for so long; most goals are reached by then.
const WAIT_SECONDS = 60;
const GOING = new Set(['running', 'waiting']);

export class AutoGenExecute implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'AutoGen.Execute',
		name: 'autoGenExecute',
		icon: 'file:helpdesk.svg',
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["goal"] }}',
		description: "Has the helpdesk's orchestrator pursue a goal",
		defaults: { name: 'AutoGen.Execute' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'helpdeskApi', required: true }],
		properties: [
			{
				displayName: 'Goal',
				name: 'goal',
				type: 'string',
				default: '',
				required: true,
				placeholder: 'Process refund',
				description: 'What is to be reached, in words; without a language model, the goal of one of the plans',
			},
			{
				displayName: 'Context',
				name: 'context',
				type: 'json',
				default: '{}',
				description: "What is known of the case beside the item's own data, an object",
			},
			{
				displayName: 'Plan',
				name: 'plan',
				type: 'string',
				default: '',
				description: 'Name of a declared plan that is to be followed, with or without a language model',
			},
			OPTIONS,
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await eachItem(this, async (item) => await pursue(this, item));
	}
}

async function pursue(context: IExecuteFunctions, item: number): Promise<IDataObject> {
	const conversation = context.getNodeParameter('options.conversation', item, '') as string;
	const plan = context.getNodeParameter('plan', item, '') as string;
	const limit = limitOf(context, item);
	const patience = new Patience(limit, context.getExecutionCancelSignal());
	const wait = Math.min(WAIT_SECONDS, Math.floor(limit / 1000));
	let run = await ask(
		context,
		{
			method: 'POST',
			path: '/orchestrator/runs',
			query: { wait },
			body: {
				goal: context.getNodeParameter('goal', item) as string,
				context: { ...context.getInputData()[item]?.json, ...objectOf(context, 'context', item) },
				...(conversation && { conversation_id: conversation }),
				...(plan && { plan }),
			},
			key: keyOf(context, item),
			timeout: 1000 * (wait + 15),
		},
		patience,
		item,
	);
	while (GOING.has(run.status as string)) {
		if (!(await patience.wait())) throw stillGoing(context, run, item);
		run = await ask(context, { method: 'GET', path: `/runs/${run.run_id}` }, patience, item);
	}
	if (run.status !== 'done') throw failed(context, run, item);
	return (run.result ?? {}) as IDataObject;
}

function stillGoing(context: IExecuteFunctions, run: IDataObject, item: number): NodeOperationError {
	const why = run.status === 'waiting' ? "still waits, for a moment or a person's approval" : 'is not at its end';
	return new NodeOperationError(context.getNode(), `${run.goal}: the run ${why}`, {
		description:
			`Run ${run.run_id} goes on in the helpdesk by itself. ` +
			'A greater time limit waits longer; a new execution would be a new run.',
		itemIndex: item,
	});
}

function failed(context: IExecuteFunctions, run: IDataObject, item: number): NodeOperationError {
	const fault = (run.error ?? {}) as IDataObject;
	const told = typeof run.error === 'string' ? run.error : fault.message;
	const status = run.status === 'handed_over' ? 'handed over: a person goes on with it' : String(run.status);
	return new NodeOperationError(context.getNode(), `${told ?? `${run.goal}: the run was ${status}`}`, {
		description: [
			`Run ${run.run_id} is ${status}`,
			fault.code && `code ${String(fault.code)}`,
			fault.step && `step ${String(fault.step)}`,
		]
			.filter(Boolean)
			.join(', '),
		itemIndex: item,
	});
}
