/** What both nodes do for each item: read its parameters, name the wish by a key, and go on or stop where it fails. */
import { createHash, randomUUID } from 'node:crypto';

import { NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

/** The outputs, one item for each; where the node goes on after errors, an item with `error` for what failed. */
export async function eachItem(
	context: IExecuteFunctions,
	work: (item: number) => Promise<IDataObject>,
): Promise<INodeExecutionData[][]> {
	const made: INodeExecutionData[] = [];
	for (let item = 0; item < context.getInputData().length; item += 1) {
		try {
			made.push({ json: await work(item), pairedItem: { item } });
		} catch (error) {
			if (!context.continueOnFail()) throw error;
			made.push({ json: { error: (error as Error).message }, pairedItem: { item } });
		}
	}
	return [made];
}

/**
 * The key of what this node does for this item: the same when the node is tried again in one execution, another in
 * another execution, in a loop's next pass, and in another n8n.
 */
export function keyOf(context: IExecuteFunctions, item: number): string {
	const own = context.getNodeParameter('options.key', item, '') as string;
	if (own) return own;
	const execution = context.getExecutionId();
	if (!execution) return `n8n/${randomUUID()}`;
	const pass = context.getWorkflowDataProxy(item).$runIndex as number;
	const parts = [context.getInstanceId(), context.getWorkflow().id, execution, context.getNode().name, pass, item];
	return `n8n/${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

/** A parameter that is an object, or the JSON of one. Throws NodeOperationError naming it. */
export function objectOf(context: IExecuteFunctions, parameter: string, item: number): IDataObject {
	let value: unknown = context.getNodeParameter(parameter, item, {});
	try {
		if (typeof value === 'string') value = JSON.parse(value || '{}');
	} catch {
		// It is told below what was wanted.
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw new NodeOperationError(context.getNode(), `${parameter}: an object is needed, and this is none`, {
			description: `It is ${JSON.stringify(value) ?? 'undefined'}`.slice(0, 500),
			itemIndex: item,
		});
	}
	return value as IDataObject;
}

/** The time limit, in milliseconds. */
export function limitOf(context: IExecuteFunctions, item: number): number {
	return 1000 * (context.getNodeParameter('options.timeLimit', item, 300) as number);
}
