/** ToolInvoker: calls a tool of the helpdesk once for each item, and gives what came of it. */
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
	IDataObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodePropertyOptions,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';

import { ask, Patience } from './api.js';
import { eachItem, keyOf, limitOf, objectOf } from './item.js';
import { OPTIONS } from './options.js';

const GOING = new Set(['running', 'waiting']);

export class ToolInvoker implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'ToolInvoker',
		name: 'toolInvoker',
		icon: 'file:helpdesk.svg',
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["tool"] }}',
		description: 'Calls a tool of the helpdesk',
		defaults: { name: 'ToolInvoker' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'helpdeskApi', required: true }],
		properties: [
			{
				displayName: 'Tool',
				name: 'tool',
				type: 'options',
				typeOptions: { loadOptionsMethod: 'tools' },
				default: '',
				required: true,
				description: 'One that the tenant permits to programs',
			},
			{
				displayName: 'Input',
				name: 'input',
				type: 'json',
				default: '={{ $json.toolArgs }}',
				description: "The tool's arguments, an object",
			},
			{
				displayName: 'Dry Run',
				name: 'dryRun',
				type: 'boolean',
				default: false,
				description: 'Whether to do nothing, and give what would be done',
			},
			OPTIONS,
		],
	};

	methods = { loadOptions: { tools: offeredTools } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await eachItem(this, async (item) => await invoke(this, item));
	}
}

async function offeredTools(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const { tools } = await ask(this, { method: 'GET', path: '/tools' }, new Patience(20_000));
	return (tools as IDataObject[])
		.filter((tool) => tool.allowed && (tool.callers as string[]).includes('api'))
		.map((tool) => ({ name: `${tool.name}`, value: `${tool.name}`, description: `${tool.description}` }));
}

async function invoke(context: IExecuteFunctions, item: number): Promise<IDataObject> {
	const tool = context.getNodeParameter('tool', item) as string;
	const dryRun = context.getNodeParameter('dryRun', item, false) as boolean;
	const conversation = context.getNodeParameter('options.conversation', item, '') as string;
	const patience = new Patience(limitOf(context, item), context.getExecutionCancelSignal());
	let call = await ask(
		context,
		{
			method: 'POST',
			path: `/tools/${encodeURIComponent(tool)}/invoke`,
			query: { ...(dryRun && { dry_run: true }), ...(conversation && { conversation_id: conversation }) },
			body: objectOf(context, 'input', item),
			key: keyOf(context, item),
		},
		patience,
		item,
	);
	while (!call.dry_run && GOING.has(call.status as string)) {
		if (!(await patience.wait())) throw stillGoing(context, call, item);
		call = await ask(context, { method: 'GET', path: `/tools/invocations/${call.invocation_id}` }, patience, item);
	}
	if (!call.dry_run && call.status !== 'done') throw failed(context, call, item);
	return (call.result ?? {}) as IDataObject;
}

function stillGoing(context: IExecuteFunctions, call: IDataObject, item: number): NodeOperationError {
	const why = call.status === 'waiting' ? `still waits for a person's approval (${call.approval_id})` : 'is not done yet';
	return new NodeOperationError(context.getNode(), `${call.tool}: the call ${why}`, {
		description:
			`Call ${call.invocation_id} goes on by itself once it is approved in the helpdesk's console. ` +
			'A greater time limit waits longer; a new execution would be a new call.',
		itemIndex: item,
	});
}

function failed(context: IExecuteFunctions, call: IDataObject, item: number): NodeOperationError {
	const failure = (call.failure ?? {}) as IDataObject;
	return new NodeOperationError(context.getNode(), `${failure.message ?? `${call.tool}: the call was ${call.status}`}`, {
		description: [
			`Call ${call.invocation_id} is ${call.status}`,
			failure.code && `code ${String(failure.code)}`,
			failure.field && `field ${String(failure.field)}`,
		]
			.filter(Boolean)
			.join(', '),
		itemIndex: item,
	});
}
