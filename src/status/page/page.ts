document.body.textContent = 'page'
