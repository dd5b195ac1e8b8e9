export const live = {
  title: "Live",
  detail: "What is being judged now.",
  empty: "Nothing is being judged",
  emptyDetail: "Upload a file, and its progress is seen here.",
  toLibrary: "Go to the library",
  result: "Result",
  rate: (rate: string) => `${rate} per second`,
  of: (done: string, total: string) => `${done} of ${total}`,
  waiting: "Waiting for a model",
};
