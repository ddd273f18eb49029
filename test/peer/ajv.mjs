// Reads a schema's path as its argument and paths of JSON files from standard
// input, and prints for each file "valid" or "invalid", a tab and the path.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import Ajv04 from "ajv-draft-04";
import addFormats from "ajv-formats";

const schema = JSON.parse(readFileSync(process.argv[2], "utf8"));
const draft04 = schema.$schema?.includes("/draft-04/");
const ajv = new (draft04 ? Ajv04 : Ajv)({ strict: false, allErrors: false, unicodeRegExp: !draft04 });
addFormats(ajv);
const validate = ajv.compile(schema);
for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const valid = validate(JSON.parse(readFileSync(path, "utf8")));
  console.log(`${valid ? "valid" : "invalid"}\t${path}`);
}
