"""Facts without logic: machines, accelerators, versions, limits, words."""
