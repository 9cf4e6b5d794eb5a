module aigc.local/pause

go 1.27
