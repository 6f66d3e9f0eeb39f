"""The evidence of a run: it is recorded, kept in a store, compared with the ledger later, and purged."""
