export const monitoring = {
  title: "Überwachung",
};
