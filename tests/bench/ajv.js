// ajv: what a shop with Node.js would write. Each line is parsed and held against the schema of its
// type; the lines that pass go to standard output.
//
//     node ajv.js SCHEMAS FILE | --version
//
// SCHEMAS is a folder of JSON Schema 2020-12; a schema belongs to the type that its event_type says
// (const). AJV_DIR is a folder in which `npm install ajv ajv-formats` was run.
'use strict';
const fs = require('fs');
const path = require('path');

const find = (name) => require(require.resolve(name, {paths: [process.env.AJV_DIR || '.']}));
const Ajv = find('ajv/dist/2020').default;
const formats = find('ajv-formats').default;

if (process.argv[2] === '--version') {
	console.log(`ajv ${find('ajv/package.json').version} on Node.js ${process.version}`);
	process.exit(0);
}

const [folder, file] = process.argv.slice(2);
const ajv = new Ajv({strict: false});
formats(ajv);
const schemas = fs.readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => {
	const schema = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
	schema.$id = `file:///${name}`; // what "common.json#/..." is relative to
	ajv.addSchema(schema);
	return schema;
});
const contract = new Map();
for (const schema of schemas) {
	const type = schema.properties?.event_type?.const;
	if (type !== undefined)
		contract.set(type, ajv.getSchema(schema.$id));
}

const passes = (line) => {
	try {
		const event = JSON.parse(line);
		return contract.get(event.event_type)?.(event) === true;
	} catch {
		return false;
	}
};

const block = Buffer.alloc(1 << 20);
const input = fs.openSync(file, 'r');
let rest = Buffer.alloc(0);
for (;;) {
	const n = fs.readSync(input, block);
	if (n === 0)
		break;
	const data = Buffer.concat([rest, block.subarray(0, n)]);
	const end = data.lastIndexOf(10) + 1;
	const out = data.toString('utf8', 0, end).split('\n').filter((s) => s !== '' && passes(s));
	if (out.length > 0)
		fs.writeSync(1, out.join('\n') + '\n');
	rest = Buffer.from(data.subarray(end));
}
if (rest.length > 0 && passes(rest.toString()))
	fs.writeSync(1, rest.toString() + '\n');
