import type { Words } from "@/lib/words/words";

/** What fields of accounts must be like, in the words that say so. */
export function accountChecks(words: Words["account"]) {
  const needed = (text: string) => (text.trim() === "" ? words.required : null);
  return {
    needed,
    email: (text: string) => needed(text) ?? (/^\S+@\S+$/.test(text.trim()) ? null : words.emailInvalid),
    password: (text: string) => (text.length < 12 || text.length > 128 ? words.passwordLength : null),
  };
}
