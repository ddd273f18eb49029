// Reads a schema's path as its argument and paths of JSON files from standard
// input, and prints for each file "valid" or "invalid", a tab and the path.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const ajv = new Ajv({ strict: false, allErrors: false });
addFormats(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(process.argv[2], "utf8")));
for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const valid = validate(JSON.parse(readFileSync(path, "utf8")));
  console.log(`${valid ? "valid" : "invalid"}\t${path}`);
}
