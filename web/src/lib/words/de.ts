/** German. */
import { account } from "./de/account";
import { common } from "./de/common";
import { help } from "./de/help";
import { library } from "./de/library";
import { live } from "./de/live";
import { monitoring } from "./de/monitoring";
import { problems } from "./de/problems";
import { result } from "./de/result";
import { verdicts } from "./de/verdicts";
import type { Words } from "./words";

export const de: Words = { common, problems, verdicts, account, library, result, live, monitoring, help };
