export const monitoring = {
  title: "Monitoring",
};
