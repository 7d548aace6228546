/** The options that both nodes have. */
import type { INodeProperties } from 'n8n-workflow';

const TIME_LIMIT: INodeProperties = {
	displayName: 'Time Limit',
	name: 'timeLimit',
	type: 'number',
	typeOptions: { minValue: 1, maxValue: 86400 },
	default: 300,
	description: "Seconds to wait for the end, a person's approval among what is waited for",
};

const KEY: INodeProperties = {
	displayName: 'Idempotency Key',
	name: 'key',
	type: 'string',
	default: '',
	description:
		'Done once for this key, whoever sends it, however often. Left out: one of this execution, node and item.',
};

const CONVERSATION: INodeProperties = {
	displayName: 'Conversation',
	name: 'conversation',
	type: 'string',
	default: '',
	description: 'ID of the conversation for whose customer it is done',
};

export const OPTIONS: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [TIME_LIMIT, KEY, CONVERSATION],
};
