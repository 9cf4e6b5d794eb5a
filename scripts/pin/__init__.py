"""Writes into the catalog what only the outside knows and no plan may ask for: prices of a day, digests of images."""
