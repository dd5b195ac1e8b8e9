import type { User } from "@/lib/api/session";

export const ada: User = {
  id: "0190a000-0000-7000-8000-000000000001",
  email: "ada@example.org",
  firstName: "Ada",
  lastName: "Example",
  role: "USER",
  isActive: true,
  mustChangePassword: false,
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
};

export const tokenOf = (user: User, token = "token-1") => ({
  token,
  user,
  expiresAt: "2026-01-01T00:15:00Z",
});
