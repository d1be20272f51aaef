"""Where rows come from: landed sources are read, cleaned, validated and stored; the store is read back as streams."""
