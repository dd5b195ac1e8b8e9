/** What is said of a file; see docs/verdict.md. */
export const verdicts = {
  FAKE: { label: "Signs of AI", meaning: "Signs were found that the file was made or altered by AI." },
  REAL: {
    label: "No signs found",
    meaning: "No sign of AI was found. This is no proof that the file is authentic.",
  },
  INCONCLUSIVE: { label: "Cannot tell", meaning: "The result lies where the models are often wrong." },
  NOT_APPLICABLE: { label: "Not judged", meaning: "No model could look at this file closely enough." },
  none: "No verdict yet",
};
