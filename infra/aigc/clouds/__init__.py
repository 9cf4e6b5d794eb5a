"""One adapter a cloud, behind one small contract."""
