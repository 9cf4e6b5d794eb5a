"""What a cloud says now about what a stack's plan wants: quotas, offerings, prices; and whether it would fit."""
