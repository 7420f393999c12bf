// The link to the same page in the other language, and a search that finds Chinese words. Only a build of both
// editions has this script.
(() => {
    const chinese = document.documentElement.lang === "zh-CN";
    const page = location.pathname.split("/").pop() || "index.html";
    const link = document.createElement("a");
    link.href = (chinese ? `${path_to_root}../` : `${path_to_root}zh-CN/`) + page + location.hash;
    link.lang = link.hreflang = chinese ? "en" : "zh-CN";
    link.className = "other-language";
    link.textContent = chinese ? "English" : "中文";
    document.querySelector("#mdbook-menu-bar .right-buttons").append(link);
    // The reader may have gone to another heading since.
    link.addEventListener("click", () => link.hash = location.hash);
    if (!chinese) return;

    document.querySelector("#mdbook-searchbar").placeholder = "搜索本书……";
    // The index knows words between spaces, and Chinese has none. So look for the text itself.
    elasticlunr.Index.prototype.search = function (text) {
        const terms = text.toLowerCase().split(/\s+/);
        const results = [];
        for (const [ref, doc] of Object.entries(this.documentStore.docs)) {
            const [title, all] = [doc.title, `${doc.breadcrumbs} ${doc.body}`].map((text) => text.toLowerCase());
            if (!terms.every((term) => all.includes(term))) continue;
            const score = terms.reduce((sum, term) => sum + all.split(term).length - 1 + 20 * title.includes(term), 0);
            // mdBook marks a term that has spaces around it.
            const place = Math.max(0, doc.body.toLowerCase().indexOf(terms[0]) - 30);
            let body = doc.body.slice(place, place + 120);
            for (const term of terms) body = body.replaceAll(term, ` ${term} `);
            results.push({ ref, score, doc: { ...doc, body } });
        }
        return results.sort((a, b) => b.score - a.score);
    };
})();
