"""What the end-to-end tests share: processes, wire access, dialects, contracts."""
