/** English: the catalogue that says which words there are. Each area has a file of its own. */
import { account } from "./en/account";
import { common } from "./en/common";
import { help } from "./en/help";
import { library } from "./en/library";
import { live } from "./en/live";
import { monitoring } from "./en/monitoring";
import { problems } from "./en/problems";
import { result } from "./en/result";
import { verdicts } from "./en/verdicts";

export const en = { common, problems, verdicts, account, library, result, live, monitoring, help };
